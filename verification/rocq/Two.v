(* Two columns F = relu (W X) >= 0. A = F^T F, delta^2 = det A, and the singular values s_1 >= s_2 of F from s_1 s_2 = delta,
   s_1^2 + s_2^2 = tr A. By the Z-test |W| |X| >= s_1 + s_2; the last layer costs sum_i 1 / (s_i^2 + x). *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm ZTest Structure AllWeights Samples Three.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Notation j0 := (ord0 : 'I_2).
Notation j1 := (Ordinal (isT : (1 < 2)%N)).

Lemma all2 (P : 'I_2 -> Prop) : P j0 -> P j1 -> forall i, P i.
Proof.
move=> p0 p1 [[|[|m]] lm] //; [move: p0 | move: p1].
all: by congr P; apply: val_inj.
Qed.
Lemma sum2 (R : rcfType) (f : 'I_2 -> R) : \sum_i f i = f j0 + f j1.
Proof.
rewrite !big_ord_recl big_ord0 addr0.
by congr (_ + _); congr f; apply: val_inj.
Qed.
Definition rows2 (R : rcfType) (a b c e : R) : 'M[R]_2 := \matrix_(i, j) nth 0 (nth [::] [:: [:: a; b]; [:: c; e]] i) j.

Section Columns.
Variables (R : rcfType) (m d : nat) (W : 'M[R]_(m, d)) (X : 'M[R]_(d, 2)).
Notation sq := (@sqnorm R _ _).
Notation F := (relu (W *m X)).
Let A i j : R := (F^T *m F) i j.
Let a := A j0 j0.
Let b := A j0 j1.
Let c := A j1 j1.
Let AE i j : A i j = \sum_l F l i * F l j.
Proof. by rewrite /A mxE; apply: eq_bigr => l _; rewrite mxE. Qed.
Let A10 : A j1 j0 = b.
Proof. by rewrite /b !AE; apply: eq_bigr => l _; rewrite mulrC. Qed.
Let a0 : 0 <= a. Proof. by rewrite /a AE; apply: sumr_ge0 => l _; rewrite -expr2 sqr_ge0. Qed.
Let c0 : 0 <= c. Proof. by rewrite /c AE; apply: sumr_ge0 => l _; rewrite -expr2 sqr_ge0. Qed.
Let b0 : 0 <= b.
Proof. by rewrite /b AE sumr_ge0 // => l _; rewrite !mxE mulr_ge0 ?le_maxr ?lexx. Qed.
Let det0 : 0 <= a * c - b ^+ 2.
Proof.
have D i j : A i j = dot (col i F) (col j F) by rewrite AE dotE; apply: eq_bigr => l _; rewrite big_ord1 !mxE.
by rewrite subr_ge0 /a /b /c !D -!sqE CS.
Qed.
Definition delta : R := Num.sqrt (a * c - b ^+ 2).
Let dE : delta ^+ 2 = a * c - b ^+ 2. Proof. by rewrite sqr_sqrtr. Qed.
Let d0 : 0 <= delta. Proof. exact: sqrtr_ge0. Qed.
Let wide : 2 * delta <= a + c.
Proof.
rewrite -(ler_pexpn2r (_ : 0 < 2)%N) ?nnegrE ?mulr_ge0 ?ler0n ?(addr_ge0 a0 c0) // exprMn dE -subr_ge0.
have -> : (a + c) ^+ 2 - 2 ^+ 2 * (a * c - b ^+ 2) = (a - c) ^+ 2 + 2 ^+ 2 * b ^+ 2 by ring.
by apply: addr_ge0; [exact: sqr_ge0 | apply: mulr_ge0; exact: sqr_ge0].
Qed.
Definition total : R := Num.sqrt (a + c + 2 * delta).
Let sum0 : 0 <= a + c + 2 * delta.
Proof. by apply: addr_ge0 (addr_ge0 a0 c0) _; rewrite mulr_ge0 ?ler0n. Qed.
Let tE : total ^+ 2 = a + c + 2 * delta. Proof. by rewrite sqr_sqrtr. Qed.
Let t0 : 0 <= total. Proof. exact: sqrtr_ge0. Qed.

Lemma gram2 : F^T *m F = rows2 a b b c.
Proof. by apply/matrixP; apply: all2; apply: all2; rewrite [RHS]mxE /= -?A10. Qed.

(* |W| |X| >= s_1 + s_2 *)
Lemma nuclear2 : total ^+ 2 <= sq W * sq X.
Proof.
have := t0; rewrite le_eqVlt => /orP [/eqP <-|tp]; first by rewrite expr0n mulr_ge0 ?sq_ge0.
have tn := lt0r_neq0 tp.
suff [M [neg short big]] : exists M : 'M[R]_2, [/\ forall i j, i != j -> M i j <= 0,
    forall v : 'cV[R]_2, sq (F *m M *m v) <= sq v & total <= \tr (M^T *m (F^T *m F))].
  apply: le_trans (z_product short).
  have h := le_trans big (relu_part _ neg).
  by rewrite ler_expn2r ?nnegrE ?(le_trans t0).
have := d0; rewrite le_eqVlt => /orP [/eqP z|dp].
  have tz : total ^+ 2 = a + c by rewrite tE -z mulr0 addr0.
  have FF : sq F = a + c by rewrite sq_gram /mxtrace sum2.
  exists (rows2 total^-1 0 0 total^-1).
  have E : rows2 total^-1 0 0 total^-1 = total^-1%:M by apply/matrixP; apply: all2; apply: all2; rewrite !mxE.
  split.
  - by apply: all2; apply: all2; rewrite !mxE.
  - move=> v; rewrite E mul_mx_scalar -scalemxAl sqZ; apply: le_trans (ler_wpmul2l (sqr_ge0 _) (sq_mul F v)) _.
    by rewrite FF -tz exprVn mulKf // expf_neq0.
  rewrite E tr_scalar_mx mul_scalar_mx mxtraceZ /mxtrace sum2 -/(A j0 j0) -/(A j1 j1) -/a -/c -tz.
  by rewrite expr2 mulKf.
have dn := lt0r_neq0 dp.
have an : a != 0.
  apply: contraTneq (exprn_gt0 2 dp) => z; rewrite -leNgt dE z mul0r sub0r oppr_le0; exact: sqr_ge0.
have cE : c = (delta ^+ 2 + b ^+ 2) / a by rewrite dE subrK mulrC mulKf.
pose B := rows2 ((c + delta) / delta) (- (b / delta)) (- (b / delta)) ((a + delta) / delta).
have BT : B^T = B by apply/matrixP; apply: all2; apply: all2; rewrite !mxE.
have BAB : B *m (F^T *m F) *m B = (total ^+ 2)%:M.
  by rewrite gram2 tE; apply/matrixP; apply: all2; apply: all2; rewrite mxE sum2 !mxE !sum2 !mxE /= cE; field; rewrite dn an.
have BA : \tr (B *m (F^T *m F)) = total ^+ 2.
  by rewrite gram2 tE /mxtrace sum2 !mxE !sum2 !mxE /= cE; field; rewrite dn an.
exists (total^-1 *: B); split.
- have neg := quotient_le0 b0 dp.
  by apply: all2; apply: all2; rewrite !mxE //= => _; rewrite mulr_ge0_le0 // invr_ge0.
- move=> v; apply: eqW; rewrite !sq_gram; congr (\tr _); set M := total^-1 *: B.
  have -> : (F *m M *m v)^T *m (F *m M *m v) = v^T *m (M^T *m (F^T *m F) *m M) *m v by rewrite !trmx_mul !mulmxA.
  suff -> : M^T *m (F^T *m F) *m M = 1%:M by rewrite mulmx1.
  rewrite [M^T]linearZ /= BT -!scalemxAl -scalemxAr BAB scalerA scale_scalar_mx.
  by rewrite -mulrA expr2 mulKf // mulVf.
by rewrite [(_ *: B)^T]linearZ /= BT -scalemxAl mxtraceZ BA expr2 mulKf.
Qed.

(* the singular values *)
Definition apart : R := Num.sqrt (a + c - 2 * delta).
Definition s1 : R := (total + apart) / 2.
Definition s2 : R := (total - apart) / 2.
Let pE : apart ^+ 2 = a + c - 2 * delta. Proof. by rewrite sqr_sqrtr // subr_ge0. Qed.
Lemma s1_ge0 : 0 <= s1. Proof. by rewrite /s1 divr_ge0 ?ler0n // addr_ge0 ?sqrtr_ge0. Qed.
Lemma s2_ge0 : 0 <= s2.
Proof.
rewrite /s2 divr_ge0 ?ler0n // subr_ge0 -(ler_pexpn2r (_ : 0 < 2)%N) ?nnegrE ?sqrtr_ge0 // pE tE ler_add2l.
by apply: (@le_trans _ _ 0); rewrite ?oppr_le0 mulr_ge0 ?ler0n.
Qed.
Lemma s_sum : s1 + s2 = total. Proof. by rewrite /s1 /s2; field. Qed.
Lemma squares : s1 ^+ 2 + s2 ^+ 2 = a + c.
Proof.
have -> : s1 ^+ 2 + s2 ^+ 2 = (total ^+ 2 + apart ^+ 2) / 2 by rewrite /s1 /s2; field.
by rewrite tE pE; field.
Qed.
Lemma product : s1 ^+ 2 * s2 ^+ 2 = a * c - b ^+ 2.
Proof.
have -> : s1 ^+ 2 * s2 ^+ 2 = ((total ^+ 2 - apart ^+ 2) / 4) ^+ 2 by rewrite /s1 /s2; field.
by rewrite tE pE -dE; field.
Qed.

Lemma s2_le : s2 <= s1.
Proof. by rewrite /s1 /s2 ler_pmul2r ?invr_gt0 ?ltr0n // ler_add2l (@le_trans _ _ 0) ?oppr_le0 ?sqrtr_ge0. Qed.

(* tr (A + x I)^-1 *)
Lemma trace_bound (U : 'M[R]_(2, m)) (x : R) : 0 < x ->
  x * ((s1 ^+ 2 + x)^-1 + (s2 ^+ 2 + x)^-1) <= sq (U *m F - 1%:M) + x * sq U.
Proof.
move=> xp; have q1 : 0 < s1 ^+ 2 + x by rewrite ltr_paddl ?sqr_ge0.
have q2 : 0 < s2 ^+ 2 + x by rewrite ltr_paddl ?sqr_ge0.
pose D := (s1 ^+ 2 + x) * (s2 ^+ 2 + x); have Dn : D != 0 by rewrite mulf_neq0 // lt0r_neq0.
have DE : D = (a + x) * (c + x) - b ^+ 2.
  have -> : D = s1 ^+ 2 * s2 ^+ 2 + x * (s1 ^+ 2 + s2 ^+ 2) + x ^+ 2 by rewrite /D; ring.
  by rewrite squares product; ring.
pose Z := D^-1 *: rows2 (c + x) (- b) (- b) (a + x).
have ZC : Z *m (F^T *m F + x%:M) = 1%:M.
  rewrite gram2 /Z -scalemxAl; suff -> : rows2 (c + x) (- b) (- b) (a + x) *m (rows2 a b b c + x%:M) = D%:M.
    by rewrite scale_scalar_mx mulVf.
  by apply/matrixP; apply: all2; apply: all2; rewrite mxE sum2 !mxE /= DE; ring.
have := ridge U (ltW xp) ZC; congr (_ * _ <= _).
rewrite /Z mxtraceZ /mxtrace sum2 !mxE /=.
have -> : c + x + (a + x) = (s1 ^+ 2 + x) + (s2 ^+ 2 + x) by rewrite addrACA [RHS]addrACA squares [c + a]addrC.
by rewrite /D; field; rewrite !lt0r_neq0.
Qed.
End Columns.
