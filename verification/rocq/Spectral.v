(* The spectral theorem over a real closed field: every symmetric matrix is Q diag(d) Q^T with Q^T Q = I. By induction on the
   size: a symmetric matrix whose lower block is diagonal has an eigenvector, by the intermediate values of one polynomial,
   and a reflection takes it to the first axis. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Spectral.
Variable R : rcfType.

(* a (w_0) + sum c_i w_i = l w_0 and c_i w_0 + d_i w_i = l w_i for some l and w other than 0 *)
Section Arrow.
Variables (n : nat) (a : R) (c d : 'I_n -> R).
Definition secular : {poly R} := ('X - a%:P) * \prod_i ('X - (d i)%:P)
  - \sum_i (c i ^+ 2)%:P * \prod_(j | j != i) ('X - (d j)%:P).
Lemma secularE t : secular.[t] = (t - a) * \prod_i (t - d i) - \sum_i c i ^+ 2 * \prod_(j | j != i) (t - d j).
Proof.
rewrite /secular hornerD hornerN hornerM horner_prod horner_sum !hornerE; congr (_ * _ - _).
  by apply: eq_bigr => i _; rewrite !hornerE.
by apply: eq_bigr => i _; rewrite hornerM horner_prod hornerC; congr (_ * _); apply: eq_bigr => j _; rewrite !hornerE.
Qed.

Lemma arrow : exists l w0 (w : 'I_n -> R), [/\ w0 != 0 \/ exists i, w i != 0,
  a * w0 + \sum_i c i * w i = l * w0 & forall i, c i * w0 + d i * w i = l * w i].
Proof.
have [i /eqP ci|cn] := pickP (fun i => c i == 0).
  exists (d i), 0, (fun j => (j == i)%:R); split; first by right; exists i; rewrite eqxx oner_eq0.
    by rewrite !mulr0 add0r big1 // => j _; case: eqP => [->|_]; rewrite ?ci ?mul0r ?mulr0.
  by move=> j; rewrite mulr0 add0r; case: eqP => [->|_]; rewrite ?mulr0.
have c0 i : c i != 0 by rewrite cn.
have [[i j] /andP [/= ij /eqP dd]|dn] := pickP (fun p : 'I_n * 'I_n => (p.1 != p.2) && (d p.1 == d p.2)).
  exists (d i), 0, (fun k => c j * (k == i)%:R - c i * (k == j)%:R); split.
  - by right; exists i; rewrite eqxx (negbTE ij) mulr1 mulr0 subr0 c0.
  - have pickE (f : 'I_n -> R) k : \sum_l f l * (l == k)%:R = f k.
      by rewrite (bigD1 k) //= eqxx mulr1 big1 ?addr0 // => l /negbTE ->; rewrite mulr0.
    rewrite !mulr0 add0r (eq_bigr (fun k => c j * (c k * (k == i)%:R) - c i * (c k * (k == j)%:R))) => [|k _].
    2: by rewrite mulrBr !(mulrCA (c k)).
    by rewrite sumrB -!mulr_sumr !pickE mulrC subrr.
  - move=> k; rewrite mulr0 add0r; have [->|ki] := eqVneq k i; first by [].
    by have [->|kj] := eqVneq k j; rewrite ?dd // !mulr0 subr0 !mulr0.
have dI i j : i != j -> d i != d j by move=> ij; have := dn (i, j); rewrite /= ij => /negbT.
have [n0|np] := posnP n.
  exists a, 1, (fun=> 0); split; [by left; exact: oner_neq0 | | by move=> i; have := ltn_ord i; rewrite {2}n0].
  by rewrite big1 ?addr0 // => i _; rewrite mulr0.
pose m := [arg max_(i > Ordinal np) d i]%O.
have mx i : d i <= d m by rewrite /m; case: arg_maxP => // k _ h; exact: h.
have dlt i : i != m -> d i < d m by move=> im; rewrite lt_neqAle dI // mx.
have low : secular.[d m] < 0.
  rewrite secularE (bigD1 m) //= subrr mul0r mulr0 sub0r oppr_lt0 (bigD1 m) //=.
  rewrite [X in _ + X]big1 ?addr0 => [|i im]; last by rewrite (bigD1 m) 1?eq_sym //= subrr mul0r mulr0.
  rewrite mulr_gt0 ?exprn_even_gt0 ?c0 ?orbT // prodr_gt0 // => j jm; by rewrite subr_gt0 dlt.
pose S := \sum_i c i ^+ 2; have S0 : 0 <= S by apply: sumr_ge0 => i _; apply: sqr_ge0.
pose T := `|a| + `|d m| + 1 + S.
have Ta : S < T - a.
  rewrite ltr_subr_addr /T [S + a]addrC ltr_add2r (le_lt_trans (ler_norm a)) //.
  by rewrite -addrA ltr_addl ltr_paddl.
have Td i : 1 <= T - d i.
  rewrite ler_subr_addr /T; apply: le_trans (_ : 1 + `|d m| <= _).
    by rewrite ler_add2l (le_trans (mx i)) ?ler_norm.
  by rewrite addrC -addrA -addrA ler_paddl // addrA ler_paddr.
have dT : d m <= T by rewrite -subr_ge0 (le_trans ler01) ?Td.
have high : 0 < secular.[T].
  have P1 (Q : pred 'I_n) : 1 <= \prod_(j | Q j) (T - d j).
    by elim/big_ind: _ => // x y x1 y1; rewrite mulr_ege1.
  rewrite secularE subr_gt0; apply: le_lt_trans (_ : S * \prod_i (T - d i) < _); last first.
    by rewrite ltr_pmul2r // (lt_le_trans ltr01) // P1.
  rewrite mulr_suml; apply: ler_sum => i _; rewrite ler_wpmul2l ?sqr_ge0 //.
  rewrite [X in _ <= X](bigD1 i) //= ler_pemull ?Td // ltW // (lt_le_trans ltr01) // P1.
have [|l /andP [l1 l2] /rootP h] := @poly_ivt R secular (d m) T dT; first by rewrite (ltW low) (ltW high).
have lm : d m < l by rewrite lt_neqAle l1 andbT; apply: contraTneq low => ->; rewrite h ltxx.
have ln i : l - d i != 0 by rewrite subr_eq0 gt_eqF // (le_lt_trans (mx i)).
exists l, 1, (fun i => c i / (l - d i)); split; first by left; exact: oner_neq0.
  have Pn : \prod_i (l - d i) != 0 by apply/prodf_neq0 => i _.
  apply: (mulIf Pn); move: h; rewrite secularE => /eqP; rewrite subr_eq0 => /eqP h.
  have E : (\sum_i c i * (c i / (l - d i))) * \prod_i (l - d i) = \sum_i c i ^+ 2 * \prod_(j | j != i) (l - d j).
    rewrite mulr_suml; apply: eq_bigr => i _; rewrite [X in _ * X](bigD1 i) //= !mulrA; congr (_ * _).
    by rewrite divfK // expr2.
  by rewrite !mulr1 mulrDl E -h mulrBl addrC subrK.
by move=> i; rewrite mulr1 -{1}[c i](divfK (ln i)) mulrBr [d i * _]mulrC subrK mulrC.
Qed.
End Arrow.

Definition orthogonal n (Q : 'M[R]_n) := Q^T *m Q = 1%:M.
Lemma orthogonal_mul n (P Q : 'M[R]_n) : orthogonal P -> orthogonal Q -> orthogonal (P *m Q).
Proof. by rewrite /orthogonal => hP hQ; rewrite trmx_mul -mulmxA (mulmxA P^T) hP mul1mx. Qed.
Lemma orthogonal_block n (Q : 'M[R]_n) : orthogonal Q -> orthogonal (block_mx (1%:M : 'M_1) 0 0 Q).
Proof.
rewrite /orthogonal => hQ; rewrite tr_block_mx trmx1 !trmx0 mulmx_block !(mulmx0, mul0mx, addr0, add0r, mul1mx) hQ.
by rewrite -scalar_mx_block.
Qed.

(* a reflection that takes the first axis to v *)
Lemma reflection n (v : 'cV[R]_(1 + n)) : v^T *m v = 1%:M ->
  exists2 H : 'M[R]_(1 + n), orthogonal H & H *m delta_mx 0 0 = v.
Proof.
move=> vv; pose e : 'cV[R]_(1 + n) := delta_mx 0 0.
have [->|vn] := eqVneq v e; first by exists 1%:M; rewrite ?mul1mx // /orthogonal trmx1 mul1mx.
pose w := v - e; pose t := v 0 0.
have ee : e^T *m e = 1%:M.
  by rewrite /e trmx_delta mul_delta_mx; apply/matrixP => i j; rewrite !ord1 !mxE.
have ve : v^T *m e = t%:M.
  by rewrite -colE; apply/matrixP => i j; rewrite !ord1 !mxE.
have ev : e^T *m v = t%:M by rewrite -[LHS]trmxK trmx_mul trmxK ve tr_scalar_mx.
have we : w^T *m e = (t - 1)%:M by rewrite /w linearB /= mulmxBl ve ee -raddfB.
have ww : w^T *m w = (2 - 2 * t)%:M.
  rewrite {2}/w mulmxBr we /w linearB /= mulmxBl vv ev -!raddfB; congr _%:M; ring.
have tn : 2 - 2 * t != 0.
  apply: contraNneq vn => z; move: ww; rewrite z => ww.
  rewrite -subr_eq0 -/w; move: (w) ww => w' ww; apply/eqP/matrixP => i j; rewrite !ord1 [RHS]mxE.
  have /matrixP /(_ 0 0) := ww; rewrite !mxE mul0rn => /eqP; rewrite psumr_eq0 => [/allP /(_ i)|k _]; last first.
    by rewrite mxE -expr2 sqr_ge0.
  by rewrite mem_index_enum => /(_ isT); rewrite /= mxE mulf_eq0 orbb => /eqP.
pose s := 2 / (2 - 2 * t); pose H := 1%:M - s *: (w *m w^T).
have HT : H^T = H by rewrite /H linearB /= trmx1 linearZ /= trmx_mul trmxK.
exists H; last first.
  rewrite mulmxBl mul1mx -scalemxAl -mulmxA we mul_mx_scalar scalerA.
  have -> : s * (t - 1) = - 1 by rewrite /s; field; exact: tn.
  by rewrite scaleN1r opprK /w addrC subrK.
rewrite /orthogonal HT /H mulmxBl mul1mx mulmxBr mulmx1 -scalemxAl -scalemxAr mulmxA -[w *m w^T *m w]mulmxA ww.
rewrite mul_mx_scalar -scalemxAl !scalerA; set P := w *m w^T.
have -> : s * (s * (2 - 2 * t)) = s + s by rewrite /s; field; exact: tn.
by rewrite scalerDl opprB addrK subrK.
Qed.

Lemma first_column n (M : 'M[R]_(1 + n)) l : M *m delta_mx 0 (0 : 'I_1) = l *: delta_mx 0 0 ->
  forall i, M i 0 = l * (i == 0)%:R.
Proof.
by move=> h i; have := congr1 (fun N : 'M[R]_(1 + n, 1) => N i 0) h; rewrite -colE !mxE eqxx andbT.
Qed.

Theorem spectral n (A : 'M[R]_n) : A^T = A ->
  exists (Q : 'M[R]_n) (d : 'rV[R]_n), orthogonal Q /\ A = Q *m diag_mx d *m Q^T.
Proof.
elim: n A => [|n IH] A AT; first by exists 1%:M, 0; split; [rewrite /orthogonal trmx1 mul1mx | rewrite [LHS]flatmx0 [RHS]flatmx0].
rewrite -[n.+1]/(1 + n)%N in A AT *.
(* the lower block diagonal, an eigenvector *)
have [l [v [vv Av]]] : exists l (v : 'cV[R]_(1 + n)), v^T *m v = 1%:M /\ A *m v = l *: v.
  have BT : (drsubmx A)^T = drsubmx A by rewrite trmx_drsub AT.
  have [Q [d [hQ hB]]] := IH _ BT; have [c cE] : exists c, ursubmx A *m Q = c by exists (ursubmx A *m Q).
  have [l [w0 [w [wn h0 hw]]]] := @arrow n (ulsubmx A 0 0) (c 0) (d 0).
  pose z : 'cV[R]_(1 + n) := col_mx w0%:M (Q *m \col_i w i).
  have QQ : Q *m Q^T = 1%:M by apply: mulmx1C.
  have cT : dlsubmx A = Q *m c^T by rewrite -cE trmx_mul mulmxA QQ mul1mx trmx_ursub AT.
  have Az : A *m z = l *: z.
    rewrite /z -{1}[A]submxK mul_block_col scale_col_mx; congr col_mx.
      rewrite mulmxA cE mul_mx_scalar; apply/matrixP => i j; rewrite !ord1 [LHS]mxE [X in X + _]mxE.
      rewrite [X in _ + X]mxE [RHS]mxE [w0%:M _ _]mxE mulr1n -h0 mulrC; congr (_ + _).
      by apply: eq_bigr => k _; rewrite [X in _ * X]mxE.
    rewrite hB cT mulmxA -!mulmxA -mulmxDr scalemxAr; congr (_ *m _).
    rewrite [Q^T *m (_ *m _)]mulmxA hQ mul1mx mul_mx_scalar; apply/matrixP => i j.
    by rewrite ord1 mul_diag_mx !mxE -hw mulrC.
  have zz : 0 < (z^T *m z) 0 0.
    rewrite /z tr_col_mx mul_row_col trmx_mul -mulmxA (mulmxA Q^T) hQ mul1mx !mxE.
    have p1 : 0 <= \sum_k (\col_i w i)^T 0 k * (\col_i w i) k (0 : 'I_1).
      by apply: sumr_ge0 => k _; rewrite !mxE -expr2 sqr_ge0.
    case: wn => [w0n|[i wi]].
      apply: ltr_paddr p1 _; rewrite big_ord1 !mxE /= !mulr1n -expr2 exprn_even_gt0 //.
    apply: ltr_paddl; first by rewrite big_ord1 !mxE /= -expr2 sqr_ge0.
    rewrite (bigD1 i) //= ltr_paddr //; last by rewrite !mxE -expr2 exprn_even_gt0.
    by apply: sumr_ge0 => k _; rewrite !mxE -expr2 sqr_ge0.
  move: (z) Az zz => {c h0 hw cE cT z w w0 wn} z Az zz.
  pose s := Num.sqrt ((z^T *m z) 0 0); have sp : 0 < s by rewrite sqrtr_gt0.
  exists l, (s^-1 *: z); split; last by rewrite -scalemxAr Az !scalerA mulrC.
  have -> : (s^-1 *: z)^T = s^-1 *: z^T by apply/matrixP => i j; rewrite !mxE.
  rewrite -scalemxAl -scalemxAr scalerA [z^T *m z]mx11_scalar scale_scalar_mx; congr _%:M.
  by rewrite -[X in _ * X](sqr_sqrtr (ltW zz)) -/s; field; rewrite gt_eqF.
have [H hH He] := reflection vv.
have HH : H *m H^T = 1%:M by apply: mulmx1C.
pose B := H^T *m A *m H.
have BT : B^T = B by rewrite /B !trmx_mul trmxK AT mulmxA.
have Be : B *m delta_mx 0 (0 : 'I_1) = l *: delta_mx 0 0.
  by rewrite /B -!mulmxA He Av -scalemxAr -He mulmxA hH mul1mx.
have B0 : B = block_mx l%:M 0 0 (drsubmx B).
  have entry := first_column Be; move: (B) BT entry => {Be}B' BT entry.
  rewrite -{1}[B']submxK; have dl : dlsubmx B' = 0.
    by apply/matrixP => i j; rewrite !mxE ord1 (_ : lshift n 0 = 0) ?entry ?mulr0 //; apply: val_inj.
  congr block_mx; rewrite ?dl //.
    apply/matrixP => i j; rewrite !ord1 !mxE (_ : lshift n 0 = 0) ?entry ?eqxx ?mulr1 //; exact: val_inj.
  by rewrite -[ursubmx B']trmxK trmx_ursub BT dl trmx0.
have DT : (drsubmx B)^T = drsubmx B by rewrite trmx_drsub BT.
have [Q [d [hQ hB]]] := IH _ DT.
exists (H *m block_mx 1%:M 0 0 Q), (row_mx l%:M d); split.
  by apply: orthogonal_mul => //; apply: orthogonal_block.
transitivity (H *m B *m H^T); first by rewrite /B !mulmxA HH mul1mx -mulmxA HH mulmx1.
move: (B) B0 hB => B' B0 hB; rewrite trmx_mul !mulmxA; congr (_ *m _); rewrite -!mulmxA; congr (_ *m _).
rewrite B0 hB diag_mx_row tr_block_mx !mulmx_block !(mulmx0, mul0mx, addr0, add0r, trmx0, trmx1, mul1mx, mulmx1) mulmxA.
by congr block_mx; apply/matrixP => i j; rewrite !ord1 !mxE.
Qed.
End Spectral.
