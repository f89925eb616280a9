(* Unit structures under margin losses: cost below K^L (K - 1) suffices. The SRG solution has it for r >= 5, L >= 4. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import zify ring.
From Dufm Require Import Model ModelLoss Norm Targets Structure Head Srg MarginBound MarginDnc.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Theorem unit_margins (R : rcfType) (K L n : nat) (d : nat -> nat) (X : 'M[R]_(d 0%N, K)) W V :
  (1 < K)%N -> (0 < n)%N -> (1 < L)%N -> unit_structure (L := L) X W V ->
  cost (L := L) X W V < K%:R ^+ L * (K%:R - 1) ->
  forall (ell : 'I_K -> 'cV[R]_K -> R) (lam : nat -> R) (th : weights R K L n d), margin_loss ell ->
  (forall l, (l <= L)%N -> 0 < lam l) -> is_dnc th ->
  objective ell lam th < objective ell lam (zero_weights : weights R K L n d) ->
  exists th' : weights R K L n d, objective ell lam th' < objective ell lam th.
Proof.
move=> K2 n0 L2 u ch ell lam th ml lp dnc small; have np : 0 < n%:R :> R by rewrite ltr0n.
apply: (@margins_beat_dnc R K L n d ell K2 n0 L2 ml lam th lp small (Weights (X *m Y R K n) W V) 1%:M) => //.
- by rewrite /output /= feature_mulY mulmxA u.
- by move=> k j jk; rewrite !mxE eqxx (negbTE jk) subr0.
- by rewrite /= sqY -!mulrA ltr_pmul2l // mulrA.
Qed.

Section Srg.
Variables (R : rcfType) (r L d : nat).
Hypotheses (r5 : (5 <= r)%N) (L4 : (4 <= L)%N).
Notation K := #|pairs r|.
Hypotheses (Kd : (K <= d)%N).
Lemma srg_below : exists (X : 'M[R]_(d, K)) (W : nat -> 'M_d) V,
  [/\ (1 < K)%N, unit_structure (L := L) (d := fun=> d) X W V & cost (L := L) (d := fun=> d) X W V < K%:R ^+ L * (K%:R - 1)].
Proof.
have r4 : (4 <= r)%N by apply: ltnW.
have E := K_r r; have r1 : (4 <= r.-1)%N by case: r r5.
have r2K : (r * 2 <= K)%N.
  by rewrite -(leq_pmul2l (ltn0Sn 1)) E mulnCA leq_pmul2l ?(leq_trans _ r4).
have rK : (r <= K)%N by apply: leq_trans r2K; rewrite leq_pmulr.
have K2 : (1 < K)%N by apply: leq_trans rK; apply: leq_trans r4.
have rd : (r <= d)%N by apply: leq_trans Kd.
exists (head_X d (srg_B R r)), (head_W d 1%:M (srg_W R r) L), (head_V d 1%:M); split=> //.
  apply: head_unit; rewrite ?mul1mx ?srg_relu ?(ltnW L4) //.
  by rewrite relu_ge0 // => i j; rewrite mxE ler0n.
rewrite head_cost ?(ltnW L4) // !sq1 sq_srg_B sq_srg_W.
have -> : L = (L - 4).+4 by rewrite -[X in X = _](subnK L4) !addnS addn0.
set m := (L - 4)%N; have -> : (m.+4 - 3 = m.+1)%N by rewrite !subSS subn0.
have Kr : 0 < K%:R :> R by rewrite ltr0n ltnW.
have -> : r%:R * (K%:R * 2) * (K%:R * r%:R / 4) * K%:R * r%:R ^+ m.+1 = K%:R ^+ 3 * (r%:R ^+ 3 / 2) * r%:R ^+ m :> R.
  by rewrite exprS; field.
have -> : K%:R ^+ m.+4 * (K%:R - 1) = K%:R ^+ 3 * (K%:R * (K%:R - 1)) * K%:R ^+ m :> R by rewrite -addn4 exprD; ring.
apply: (@le_lt_trans _ _ (K%:R ^+ 3 * (r%:R ^+ 3 / 2) * K%:R ^+ m)).
  apply: ler_wpmul2l; last by rewrite ler_expn2r ?nnegrE ?ler0n ?ler_nat.
  by rewrite mulr_ge0 ?divr_ge0 ?exprn_ge0 ?ler0n.
rewrite ltr_pmul2r ?exprn_gt0 // ltr_pmul2l ?exprn_gt0 //.
rewrite ltr_pdivr_mulr ?ltr0n // -[1]/(1%:R) -natrB ?(ltnW K2) // -!natrX -!natrM ltr_nat.
move: E r2K r1 r5; move: K => k; case: (r) => // s; rewrite /= => *; nia.
Qed.
End Srg.

Theorem srg_beats (r L : nat) : (5 <= r)%N -> (4 <= L)%N ->
  forall (R : rcfType) (n w : nat) (ell : 'I_('C(r, 2)) -> 'cV[R]_('C(r, 2)) -> R) (lam : nat -> R)
    (th : weights R 'C(r, 2) L n (fun=> w)),
  (1 <= n)%N -> ('C(r, 2) <= w)%N -> (forall l, (l <= L)%N -> 0 < lam l) -> margin_loss ell -> is_dnc th ->
  objective ell lam th < objective ell lam (zero_weights : weights R 'C(r, 2) L n (fun=> w)) ->
  exists th' : weights R 'C(r, 2) L n (fun=> w), objective ell lam th' < objective ell lam th.
Proof.
move=> r5 L4 R n w; rewrite -(card_pairs r) => ell lam th n0 Kw lp ml dnc small.
have [X [W [V [K2 u ch]]]] := @srg_below R r L w r5 L4 Kw.
exact: (unit_margins K2 n0 (ltnW (ltnW L4)) u ch ml lp dnc small).
Qed.
